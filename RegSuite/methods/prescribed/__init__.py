"""Maps whose Jacobian determinant and curl are prescribed by control functions."""
