#!/usr/bin/python3
"""Calendars and contacts: killed at every durable step of a run with changes on both sides; at most two more runs
finish it: nothing twice, no conflict with oneself."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
from tap import finish

killing.kill_everywhere(killing.DavScenario(killing.dav_changes), at_least=20)
finish(at_least=25)
