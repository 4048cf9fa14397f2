print("redraw is not built yet")
