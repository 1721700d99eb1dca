"""One page a module; Streamlit runs each as a script, and each shows what `dashboard.opened.view()` holds."""
