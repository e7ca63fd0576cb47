"""Operations on an open project, shared by the window and the command line. No Qt, no torch, no second process."""
