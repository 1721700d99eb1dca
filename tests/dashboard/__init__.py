"""Tests of the pages, drawn without a browser; their round is written by hand through the warehouse's writer."""
