#!/usr/bin/python3
"""Calendars and contacts on a server without MOVE, with errors inside a 207, that rewrites what it is given: killed at
every few durable steps of a run with changes on both sides."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
from tap import finish

killing.kill_everywhere(killing.DavScenario(killing.dav_changes, "xandikos"), at_least=6, stride=6)
finish(at_least=8)
