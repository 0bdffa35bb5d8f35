"""Machines that draw the next step: any order of batches, deaths and reassignments."""
