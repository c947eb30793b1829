"""Receipt numbers (접수번호): readable, checked, each once."""
