"""One page a module; Streamlit runs each as a script, and each shows what `dashboard.opened.view()` holds.

The folder is not called `pages`: Streamlit would serve what is in a folder of that name by itself, without the app around it.
"""
