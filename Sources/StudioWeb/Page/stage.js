// The middle of the desk: the picture, a result beside it, what is becoming of one, or the canvas under the brush.
import * as api from './api.js'
import { Comparison, placeOnSource } from './compare.js'
import { fill, h, say, set } from './dom.js'
import { icon, tool } from './icons.js'
import { complain, emptyState } from './notices.js'
import { addresses, here, replace } from './router.js'
import { on, remembered, state } from './store.js'
import { text } from './text.js'

const modes = ['result', 'slider', 'side', 'difference']

export function stagePanel(desk, scope) {
	const comparison = new Comparison(scope)
	let mode = remembered.read('compare', 'slider')
	let brush = null
	let opening = null
	const tabs = h(
		'div.segments.small',
		{ role: 'group', 'aria-label': text.stage.modes, hidden: true },
		modes.map((name) =>
			h(
				'button',
				{
					data: { mode: name },
					title: text.stage.mode[name],
					onclick: () => {
						mode = name
						remembered.write('compare', mode === 'difference' ? 'slider' : mode)
						show()
					},
				},
				icon({ result: 'picture', slider: 'split', side: 'side', difference: 'difference' }[name]),
				h('span', text.stage.mode[name]),
			),
		),
	)
	const kept = h('span.kept-mask', { hidden: true, role: 'img', tip: text.stage.maskKept })
	const paint = h('button.button.small', { id: 'open-brush', onclick: () => openBrush() }, icon('brush'), text.stage.brush, kept)
	const original = h('button.button.small', { onclick: () => desk.select(null) }, icon('picture'), text.stage.original)
	const zoom = h('output.figure.zoom')
	const zoomTools = h(
		'div.zoom-tools',
		tool('minus', text.stage.zoomOut, () => comparison.viewport.zoomBy(0.8)),
		h('button.zoom-button', { title: text.stage.pixels, 'aria-label': text.stage.pixels, onclick: () => comparison.viewport.zoomTo(1) }, zoom),
		tool('plus', text.stage.zoomIn, () => comparison.viewport.zoomBy(1.25)),
		tool('fit', text.stage.fit, () => comparison.viewport.fit()),
	)
	const bar = h('div.stage-bar', paint, original, tabs, zoomTools)
	comparison.onMove = (viewport) => say(zoom, `${Math.round(viewport.scale * 100)} %`)
	const live = h('img.live', { alt: text.stage.live, hidden: true })
	const progress = h('div.stage-progress', { hidden: true })
	const empty = h('div.stage-empty', { hidden: true })
	const body = h('div.stage-body', comparison.node, live, progress, empty)
	const node = h('div.stage', bar, body)

	function show() {
		if (brush) return
		const generation = desk.selectedGeneration
		const output = generation?.outputs[desk.selected.number]
		set(tabs, 'hidden', !output || desk.id === null)
		set(original, 'hidden', !output || desk.id === null)
		set(paint, 'hidden', desk.id === null || Boolean(output))
		set(kept, 'hidden', !remembered.read(`mask.${desk.key}`, null))
		for (const button of tabs.children) set(button, 'aria-pressed', String(button.dataset.mode === mode))
		set(empty, 'hidden', Boolean(output) || desk.id !== null || Boolean(desk.watched))
		for (const part of [comparison.node, zoomTools]) set(part, 'hidden', !output && desk.id === null)
		if (desk.id === null && !output) {
			if (!empty.childElementCount) fill(empty, emptyState({ title: text.stage.nothing, body: text.stage.nothingBody, sign: 'edit' }))
			return
		}
		const source = desk.picture && { address: api.fileAddress(desk.picture), alt: text.stage.sourceAlt(desk.picture.name) }
		const frame = desk.picture ? { width: desk.picture.width, height: desk.picture.height } : { width: output.width, height: output.height }
		if (!output) return comparison.show({ frame, before: source, after: null, mode: 'single' })
		const box = desk.picture ? placeOnSource(frame, output, generation.kind === 'repaint' ? 'stretch' : (generation.wish?.resize ?? 'crop')) : undefined
		const result = { address: api.outputAddress(output), alt: text.stage.resultAlt(generation.prompt), box }
		if (!desk.picture || mode === 'result') return comparison.show({ frame, before: result, after: null, mode: 'single' })
		if (mode === 'difference') {
			const difference = { address: api.outputAddress(output, 'difference'), alt: text.stage.differenceAlt, box }
			return comparison.show({ frame, before: difference, after: null, mode: 'single' })
		}
		comparison.show({ frame, before: source, after: result, mode })
	}

	/** What is becoming of the picture that was just ordered. */
	function showLive() {
		const job = state.jobs.get(desk.watched)
		const isOn = Boolean(job) && !brush
		set(progress, 'hidden', !isOn)
		set(live, 'hidden', !isOn || !job.previewAt)
		node.classList.toggle('watching', isOn)
		if (!isOn) return
		set(empty, 'hidden', true)
		if (job.previewAt) {
			const address = api.previewAddress(job.id, job.previewAt)
			if (live.getAttribute('src') !== address) live.src = address
		} else live.removeAttribute('src')
		fillProgress(progress, job)
	}

	async function openBrush(mask = null) {
		if (brush || desk.id === null || opening) return
		const asked = (opening = {})
		try {
			const { BrushCanvas } = await import('./brush.js')
			const canvas = await BrushCanvas.opened(desk, mask, closeBrush, () => asked === opening)
			// It was left again before the picture was there.
			if (!canvas) return
			brush = canvas
		} catch (error) {
			if (asked !== opening) return
			opening = null
			return complain(error)
		}
		opening = null
		desk.watched = null
		if (desk.selected) desk.selected = null
		node.classList.add('brushing')
		document.body.classList.add('is-brushing')
		fill(node, brush.node)
		brush.begin()
		// From here on the mask is the one that is kept, not the one that the address named.
		replace(addresses.brush(desk.id))
		desk.tell('repaint')
		desk.tell('selected')
		desk.planSoon()
	}

	function closeBrush() {
		opening = null
		if (!brush) return
		brush.end()
		brush = null
		desk.repaint = null
		node.classList.remove('brushing')
		document.body.classList.remove('is-brushing')
		fill(node, bar, body)
		if (here().parts[1] === 'brush') replace(addresses.picture(desk.id))
		desk.tell('repaint')
		desk.planSoon()
		show()
		showLive()
		paint.focus()
	}

	function showPicture() {
		if (brush) return closeBrush()
		opening = null
		desk.select(null)
	}

	scope.add(desk.on('selected', () => {
		if (desk.selected) closeBrush()
		show()
		showLive()
	}))
	scope.add(desk.on('watched', () => {
		if (desk.watched) {
			closeBrush()
			desk.selected = null
		}
		show()
		showLive()
	}))
	scope.add(desk.on('results', show))
	scope.add(desk.on('picture', show))
	scope.add(on('jobs', showLive))
	show()
	return { node, openBrush, showPicture, end: closeBrush }
}

/** The line of a running job: how far, how long, and the way out. */
export function fillProgress(node, job) {
	if (node.dataset.job !== String(job.id) || !node.childElementCount) {
		node.dataset.job = job.id
		fill(
			node,
			h('progress', { max: 1, 'aria-label': text.queue.progress }),
			h('p.progress-words', { role: 'status' }),
			h('button.button.small', { data: { cancel: job.id }, onclick: () => api.cancelJob(job.id).catch(complain) }, icon('cross'), text.common.cancel),
		)
	}
	const bar = node.querySelector('progress')
	if (job.state === 'running' && job.step) bar.value = job.progress
	else if (job.state === 'queued') bar.value = 0
	else bar.removeAttribute('value')
	say(node.querySelector('.progress-words'), text.queue.words(job))
}
