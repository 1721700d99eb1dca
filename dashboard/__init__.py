"""What a committee sees: Streamlit pages over the warehouse's readers and the rules. It shows, and never measures."""
