"""Everything done to an open project, by the window and the command line alike. No Qt, no torch, no second process."""
