"""Keypoints of an image, and where they lie in another one."""
