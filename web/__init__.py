"""The page: a place to work for reviewers, and to verify for auditors. `docs/how-to/add-a-page.md` says how one is added."""
