"""The image area: composed from the voxels in sight, and painted on."""
