"""The image area: what is visible is composed from the voxels in sight, and painted on."""
