"""The image area: composed from the visible voxels, and painted on."""
