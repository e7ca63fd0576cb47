"""Finding of images among files and folders, and of the format of each."""
