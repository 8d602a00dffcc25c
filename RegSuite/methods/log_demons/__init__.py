"""Log-domain diffeomorphic demons: one velocity field, its update, its norm."""
