#!/usr/bin/python3
"""Killed at every durable step of a run with changes on both sides: at most two more runs finish it."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
from tap import finish

killing.at_every_step(killing.mail(), change=killing.changes, at_least=20)
finish(at_least=30)
