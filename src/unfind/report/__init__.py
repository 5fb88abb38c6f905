"""The report: figures, pictures and tables on one page that needs no network, and the JSON behind it."""
