// Before and after: one over the other with a divider, side by side, or one alone; always zoomed and moved together.
import { clamp, h, set } from './dom.js'
import { icon } from './icons.js'
import { text } from './text.js'
import { followPointers, Viewport } from './viewport.js'

const pixelsFrom = 3

export class Comparison {
	constructor(scope) {
		this.viewport = new Viewport(() => this.#move())
		this.before = pane('before')
		this.after = pane('after')
		this.divider = h(
			'div.divider',
			{ role: 'slider', tabindex: 0, 'aria-label': text.compare.divider, 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-orientation': 'horizontal' },
			h('span.divider-grip', icon('split')),
		)
		this.node = h('div.view', { tabindex: 0, role: 'group', 'aria-label': text.compare.view }, this.before.node, this.after.node, this.divider)
		this.at = 0.5
		this.mode = 'single'
		this.observer = new ResizeObserver(() => this.#room())
		this.observer.observe(this.node)
		scope.add(() => this.observer.disconnect())
		followPointers(this.node, this.viewport, scope, {
			origin: (event) => (this.mode === 'side' && event.clientX > this.#middle() ? this.after.node : this.before.node),
		})
		scope.listen(this.node, 'keydown', (event) => {
			if (event.target === this.divider) return
			if (this.viewport.key(event)) event.preventDefault()
		})
		this.#followDivider(scope)
		this.divide(0.5)
	}

	#middle() {
		const box = this.node.getBoundingClientRect()
		return box.left + box.width / 2
	}

	#followDivider(scope) {
		const { divider } = this
		const drag = (event) => {
			if (!divider.hasPointerCapture(event.pointerId) && event.type !== 'pointerdown') return
			const box = this.node.getBoundingClientRect()
			this.divide((event.clientX - box.left) / box.width)
		}
		scope.listen(divider, 'pointerdown', (event) => {
			divider.setPointerCapture(event.pointerId)
			event.stopPropagation()
			divider.focus()
		})
		scope.listen(divider, 'pointermove', drag)
		scope.listen(divider, 'keydown', (event) => {
			const by = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1, PageDown: -0.1, PageUp: 0.1 }[event.key]
			if (by === undefined) return
			event.preventDefault()
			this.divide(this.at + by)
		})
	}

	divide(at) {
		this.at = clamp(at, 0, 1)
		this.node.style.setProperty('--divide', `${this.at * 100}%`)
		set(this.divider, 'aria-valuenow', Math.round(this.at * 100))
	}

	/**
	 * @param frame size that counts as the picture's own
	 * @param before, after { address, alt, box } or null; box is where in the frame it lies
	 * @param mode `single` shows `before` alone, else `slider`, `side`
	 */
	show({ frame, before, after, mode }) {
		this.mode = mode
		this.node.dataset.mode = mode
		this.before.show(before, frame)
		this.after.show(mode === 'single' ? null : after, frame)
		set(this.divider, 'hidden', mode !== 'slider')
		const { size } = this.viewport
		this.#room()
		if (size.width !== frame.width || size.height !== frame.height) this.viewport.setSize(frame.width, frame.height)
		else if (this.viewport.fitted) this.viewport.fit()
	}

	#room() {
		const box = this.before.node.getBoundingClientRect()
		this.viewport.setRoom(box.width, box.height)
	}

	#move() {
		for (const one of [this.before, this.after]) {
			one.layer.style.transform = this.viewport.transform
			one.layer.classList.toggle('pixels', this.viewport.scale >= pixelsFrom)
		}
		this.onMove?.(this.viewport)
	}
}

function pane(name) {
	const image = h('img', { alt: '', draggable: 'false', decoding: 'async' })
	const layer = h('div.layer', image)
	const label = h('span.pane-label', text.compare[name])
	const node = h('div', { class: `pane ${name}` }, layer, label)
	return {
		node,
		layer,
		show(what, frame) {
			set(node, 'hidden', !what)
			if (!what) return
			if (image.getAttribute('src') !== what.address) image.src = what.address
			image.alt = what.alt
			const box = what.box ?? { x: 0, y: 0, ...frame }
			layer.style.width = `${frame.width}px`
			layer.style.height = `${frame.height}px`
			Object.assign(image.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` })
		},
	}
}

/** Where a redrawn picture lies on the one it was made of: what was cut off so that it fits is left out. */
export function placeOnSource(source, result, resize) {
	const whole = { x: 0, y: 0, width: source.width, height: source.height }
	if (resize === 'stretch') return whole
	const [wide, high] = [source.width * result.height, source.height * result.width]
	if (resize === 'fill') {
		const scale = Math.max(source.width / result.width, source.height / result.height)
		const [width, height] = [result.width * scale, result.height * scale]
		return { x: (source.width - width) / 2, y: (source.height - height) / 2, width, height }
	}
	const width = wide > high ? Math.round((source.height * result.width) / result.height) : source.width
	const height = wide < high ? Math.round((source.width * result.height) / result.width) : source.height
	return { x: (source.width - width) / 2, y: (source.height - height) / 2, width, height }
}
