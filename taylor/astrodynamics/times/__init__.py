"""Instants and time scales: TDB, TT, TAI, UTC, UT1; leap seconds; the tables of the IERS.

calendar.py: dates and texts.  leap_seconds.py: UTC.  dynamical.py: TDB - TT.  functions.py: what
takes times as numbers, instants or expressions.  earth_files.py, earth_parameters.py: UT1 and the
pole.  conversions.py, epoch.py: instants.
"""
