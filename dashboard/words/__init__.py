"""All wording of the pages, in Korean and English, one module a page; and how the two stand beside each other."""
