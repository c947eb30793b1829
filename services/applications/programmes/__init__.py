"""Programmes (사업): every version of a definition, and drafts sent out for consultation."""
