#!/usr/bin/python3
"""Calendars and contacts: killed at every durable step of a first pull; at most two more runs finish it, nothing
twice."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
from tap import finish

killing.kill_everywhere(killing.DavScenario(), at_least=10)
finish(at_least=15)
