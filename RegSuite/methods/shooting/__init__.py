"""Geodesic shooting on images: LDDMM, metamorphosis and weighted metamorphosis."""
