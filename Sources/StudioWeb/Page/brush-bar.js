// The tools of the brush.
import { h, say, set } from './dom.js'
import { enlargeDialog } from './enlarge.js'
import { icon, tool } from './icons.js'
import { text } from './text.js'

const tools = ['brush', 'lasso', 'rectangle', 'fill', 'hand']
const colours = ['#e23d2a', '#1f7ae0', '#18a558', '#f2c200', '#ffffff', '#000000']

export function brushBar(brush) {
	const button = (name, sign, run, id) => h('button.icon-button', { id, tip: text.brush[name], onclick: run }, icon(sign))
	const toolButtons = tools.map((name) => {
		const made = button(name, name, () => brush.setTool({ name }), `tool-${name}`)
		made.dataset.tool = name
		return made
	})
	const erase = button('erase', 'eraser', () => brush.setTool({ erase: !brush.tool.erase }), 'tool-erase')
	const slider = (name, min, max, step) => h('input', { type: 'range', min, max, step, 'aria-label': text.brush[name], id: `brush-${name}` })
	// The slider walks in proportions: as fine for small brushes as for large ones.
	const greatest = Math.max(64, Math.max(brush.mask.width, brush.mask.height) / 2)
	const size = slider('size', 0, 1, 0.005)
	const hardness = slider('hardness', 0, 1, 0.05)
	const sizeShown = h('output.figure')
	size.addEventListener('input', () => brush.setTool({ size: Math.max(1, Math.round(greatest ** Number(size.value))) }))
	hardness.addEventListener('input', () => brush.setTool({ hardness: Number(hardness.value) }))
	const undo = button('undo', 'undo', () => brush.undo(), 'mask-undo')
	const redo = button('redo', 'redo', () => brush.redo(), 'mask-redo')
	const zoom = h('output.figure.zoom')
	const share = h('p.quiet.small', { role: 'status', id: 'mask-share' })
	const swatches = h(
		'div.swatches',
		{ role: 'group', 'aria-label': text.brush.colour },
		colours.map((colour, index) => {
			const swatch = h('button', { class: 'swatch', data: { colour }, tip: text.brush.colours[index], onclick: () => brush.setTool({ colour }) })
			swatch.style.background = colour
			return swatch
		}),
	)
	const opacity = slider('opacity', 0.1, 1, 0.05)
	opacity.addEventListener('input', () => brush.setTool({ opacity: Number(opacity.value) }))
	const look = h('div.popover.look', { popover: 'auto', id: 'mask-look', 'aria-label': text.brush.look }, h('h3', text.brush.look), swatches, h('label', h('span', text.brush.opacity), opacity))
	const lookButton = h('button.icon-button', { popovertarget: 'mask-look', tip: text.brush.look }, icon('eye'))
	look.addEventListener('toggle', () => {
		const box = lookButton.getBoundingClientRect()
		look.style.left = `${Math.max(8, Math.min(box.left, innerWidth - look.offsetWidth - 8))}px`
		look.style.top = `${box.bottom + 6}px`
	})
	const node = h(
		'div.stage-bar.brush-bar',
		{ role: 'toolbar', 'aria-label': text.brush.tools },
		h('button.button.small', { id: 'close-brush', onclick: () => brush.close() }, icon('back'), text.brush.close),
		h('div.tool-group', toolButtons, erase),
		h('div.tool-group', undo, redo, button('invert', 'invert', () => brush.act({ kind: 'invert' }), 'mask-invert'), button('clear', 'trash', () => brush.act({ kind: 'clear' }), 'mask-clear')),
		h('div.tool-group', lookButton, button('enlarge', 'enlarge', () => enlargeDialog(brush.desk), 'enlarge')),
		h('label.tool-slider', h('span', text.brush.size), size, sizeShown),
		h('label.tool-slider.narrow', h('span', text.brush.hardness), hardness),
		share,
		h(
			'div.zoom-tools',
			h('button.zoom-button', { title: text.stage.pixels, 'aria-label': text.stage.pixels, onclick: () => brush.viewport.zoomTo(1) }, zoom),
			tool('fit', text.stage.fit, () => brush.viewport.fit()),
		),
		look,
	)

	function show() {
		const { tool, mask, desk } = brush
		for (const one of toolButtons) set(one, 'aria-pressed', String(one.dataset.tool === tool.name))
		set(erase, 'aria-pressed', String(tool.erase))
		size.value = Math.log(Math.max(1, tool.size)) / Math.log(greatest)
		set(size, 'aria-valuetext', text.brush.pixels(tool.size))
		say(sizeShown, text.common.px(tool.size))
		hardness.value = tool.hardness
		set(hardness, 'aria-valuetext', `${Math.round(tool.hardness * 100)} %`)
		opacity.value = tool.opacity
		for (const swatch of swatches.children) set(swatch, 'aria-pressed', String(swatch.dataset.colour === tool.colour))
		set(undo, 'disabled', !mask.canUndo)
		set(redo, 'disabled', !mask.canRedo)
		set(share, 'data-share', desk.repaint?.share ?? 0)
		say(share, desk.repaint?.share ? text.brush.share(desk.repaint.share) : text.brush.empty)
	}

	return { node, show, showZoom: () => say(zoom, `${Math.round(brush.viewport.scale * 100)} %`) }
}
