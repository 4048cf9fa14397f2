// Runs before the first paint, so that a chosen theme never flashes into place.
try {
	const theme = JSON.parse(localStorage.getItem('redraw.theme') ?? 'null')
	if (theme) document.documentElement.dataset.theme = theme
} catch {}
