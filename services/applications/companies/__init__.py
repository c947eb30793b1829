"""Companies (기업): the register, and whether they are open for business."""
