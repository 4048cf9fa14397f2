// The canvas under the brush: paints the mask over the picture, zoomed and moved while painting, with mouse, pen or fingers.
import * as api from './api.js'
import { brushBar } from './brush-bar.js'
import { eachFrame, h, later, Scope, set } from './dom.js'
import { Mask } from './mask.js'
import { complain } from './notices.js'
import { remembered } from './store.js'
import { text } from './text.js'
import { followPointers, Viewport } from './viewport.js'

const uploadAfter = 350
/** The last mask that is on its way: whoever takes the brush up again waits for it. */
let uploading = Promise.resolve()

export class BrushCanvas {
	/** Loads the picture, and the mask that is to be edited again; null where nobody waits for it any more. */
	static async opened(desk, maskID, close, isWanted) {
		const image = await loaded(api.fileAddress(desk.picture))
		await uploading.catch(() => {})
		const kept = maskID ?? remembered.read(`mask.${desk.key}`, null)
		const start = kept ? await loaded(api.maskAddress(kept)).catch(() => null) : null
		if (!isWanted()) return null
		if (start) remembered.write(`mask.${desk.key}`, kept)
		return new BrushCanvas(desk, image, start, close)
	}

	constructor(desk, image, start, close) {
		Object.assign(this, { desk, image, close })
		this.scope = new Scope()
		this.mask = new Mask(image.naturalWidth, image.naturalHeight)
		if (start) this.mask.act({ kind: 'image', image: start })
		this.tool = { name: 'brush', erase: false, ...remembered.read('brush', { size: Math.round(Math.min(image.naturalWidth, image.naturalHeight) / 8), hardness: 0.8, colour: '#e23d2a', opacity: 0.55 }) }
		this.canvas = h('canvas.brush-canvas', { tabindex: 0, 'aria-label': text.brush.canvas, role: 'img' })
		this.tint = new OffscreenCanvas(1, 1)
		this.shade = new OffscreenCanvas(1, 1)
		this.cursor = h('div.brush-cursor', { hidden: true })
		this.body = h('div.stage-body.brush-body', this.canvas, this.cursor)
		this.draw = eachFrame(() => this.#draw())
		this.viewport = new Viewport(() => {
			this.bar?.showZoom()
			this.#moveCursor()
			this.draw()
		})
		this.bar = brushBar(this)
		this.node = h('div.brush', this.bar.node, this.body)
		this.begun = null
		this.space = false
		/** Whether the server has, or was sent, the mask as it is. */
		this.isFresh = true
		this.repaint = desk.repaint = { id: null, prompt: remembered.read(`repaint.${desk.key}`, ''), share: 0, flush: () => this.flush() }
		this.uploadSoon = later(uploadAfter, () => this.upload().catch(complain))
	}

	begin() {
		const { scope } = this
		this.viewport.size = { width: this.mask.width, height: this.mask.height }
		const observer = new ResizeObserver(() => {
			const box = this.body.getBoundingClientRect()
			const ratio = Math.min(devicePixelRatio, 2)
			for (const canvas of [this.canvas, this.tint, this.shade]) {
				canvas.width = Math.max(1, Math.round(box.width * ratio))
				canvas.height = Math.max(1, Math.round(box.height * ratio))
			}
			this.ratio = ratio
			this.viewport.setRoom(box.width, box.height)
			this.draw()
		})
		observer.observe(this.body)
		scope.add(() => observer.disconnect())
		followPointers(this.body, this.viewport, scope, {
			paints: (event) => !this.space && this.tool.name !== 'hand' && (event.button === 0 || event.button === 5 || event.buttons === 32),
			begin: (event) => this.#begin(event),
			paint: (event) => this.#paint(event),
			finish: () => this.#finish(),
			giveUp: () => this.#giveUp(),
			hover: (event) => this.#hover(event),
		})
		scope.listen(this.body, 'pointerleave', () => set(this.cursor, 'hidden', true))
		scope.listen(this.body, 'contextmenu', (event) => event.preventDefault())
		scope.listen(document, 'keydown', (event) => this.#key(event))
		scope.listen(document, 'keyup', (event) => {
			if (event.key === ' ') this.#hold(false)
		})
		scope.listen(document, 'visibilitychange', () => document.hidden && this.#handOver())
		scope.add(this.desk.on('plan', this.draw))
		scope.add(this.desk.on('settings', this.draw))
		this.canvas.focus({ preventScroll: true })
		this.viewport.fit()
		this.changed()
	}

	end() {
		this.#handOver()
		this.scope.end()
	}

	// MARK: Painting

	#point(event) {
		const box = this.body.getBoundingClientRect()
		const { x, y } = this.viewport.toPicture(event.clientX - box.left, event.clientY - box.top)
		const pressure = event.pointerType === 'pen' ? 0.25 + 0.75 * (event.pressure || 0.5) : 1
		return [x, y, Math.max(0.5, (this.tool.size / 2) * pressure)]
	}

	#begin(event) {
		const erase = this.tool.erase !== (event.altKey || event.buttons === 32)
		const point = this.#point(event)
		const { name } = this.tool
		if (name === 'fill') {
			this.mask.act({ kind: 'flood', x: point[0], y: point[1], erase })
			this.changed()
			this.begun = null
			return
		}
		const kind = name === 'brush' ? 'stroke' : name
		this.begun = { kind, erase, hardness: this.tool.hardness, points: [point] }
		if (kind === 'stroke') this.mask.stroke(this.begun, 0)
		this.draw()
	}

	#paint(event) {
		if (!this.begun) return
		const events = event.getCoalescedEvents?.() ?? []
		const first = this.begun.points.length
		for (const one of events.length ? events : [event]) this.begun.points.push(this.#point(one))
		if (this.begun.kind === 'stroke') this.mask.stroke(this.begun, first)
		this.draw()
	}

	#finish() {
		const deed = this.begun
		this.begun = null
		if (!deed) return
		if (deed.kind === 'rectangle') {
			const [[x0, y0], [x1, y1]] = [deed.points[0], deed.points.at(-1)]
			const [x, y] = [Math.round(Math.min(x0, x1)), Math.round(Math.min(y0, y1))]
			const [width, height] = [Math.round(Math.abs(x1 - x0)), Math.round(Math.abs(y1 - y0))]
			if (width && height) this.mask.act({ kind: 'rectangle', erase: deed.erase, x, y, width, height })
		} else if (deed.kind === 'lasso') {
			if (deed.points.length > 2) this.mask.act(deed)
		} else this.mask.act({ ...deed, drawn: true })
		this.changed()
	}

	#giveUp() {
		this.begun = null
		this.mask.restore()
		this.draw()
	}

	act(deed) {
		this.mask.act(deed)
		this.changed()
	}

	undo() {
		this.mask.undo()
		this.changed()
	}

	redo() {
		this.mask.redo()
		this.changed()
	}

	setTool(change) {
		Object.assign(this.tool, change)
		const { size, hardness, colour, opacity } = this.tool
		remembered.write('brush', { size, hardness, colour, opacity })
		this.bar.show()
		this.#moveCursor()
		this.draw()
	}

	// MARK: Handing over

	changed() {
		this.bar.show()
		this.draw()
		this.isFresh = false
		this.uploadSoon()
	}

	/** The server has the mask as it is now. */
	async flush() {
		this.uploadSoon.cancel()
		if (!this.isFresh) await this.upload()
		await uploading
	}

	/** What was brushed is not lost when the brush is put down, or the page left, before it was sent. */
	#handOver() {
		remembered.write(`repaint.${this.desk.key}`, this.repaint.prompt || null)
		this.uploadSoon.cancel()
		if (!this.isFresh) this.upload().catch(complain)
	}

	upload() {
		this.isFresh = true
		uploading = uploading
			.catch(() => {})
			.then(async () => {
				const { repaint } = this
				const answer = await api.uploadMask(await this.mask.toBlob())
				repaint.share = answer.share
				repaint.id = answer.share > 0 ? answer.id : null
				remembered.write(`mask.${this.desk.key}`, repaint.id)
				// The brush was put down meanwhile: whether a mask is kept is to be seen.
				if (this.desk.repaint !== repaint) return this.desk.tell('results')
				this.bar.show()
				this.desk.tell('repaint')
				this.desk.planSoon()
			})
			.catch((error) => {
				// It is sent again with the next stroke, or when it is needed.
				this.isFresh = false
				throw error
			})
		return uploading
	}

	// MARK: Keys

	#hold(space) {
		this.space = space
		this.body.classList.toggle('holding', space)
	}

	#key(event) {
		// In the brush, or where nothing has the focus: elsewhere a letter, or Delete, is none of its business.
		if (event.target !== document.body && !this.node.contains(event.target)) return
		const command = event.ctrlKey || event.metaKey
		const key = event.key.toLowerCase()
		if (command && key === 'z') event.shiftKey ? this.redo() : this.undo()
		else if (command && key === 'y') this.redo()
		else if (command || event.altKey) return
		else if (event.key === ' ' && !event.target.closest('button')) this.#hold(true)
		else if (event.key === '[' || event.key === ']') this.#step(event.key === ']' ? 1 : -1)
		else if (event.key === '{' || event.key === '}') this.setTool({ hardness: Math.min(1, Math.max(0, this.tool.hardness + (event.key === '}' ? 0.1 : -0.1))) })
		else if (key === 'b') this.setTool({ name: 'brush', erase: false })
		else if (key === 'e') this.setTool({ erase: !this.tool.erase })
		else if (key === 'l') this.setTool({ name: 'lasso' })
		else if (key === 'r') this.setTool({ name: 'rectangle' })
		else if (key === 'f') this.setTool({ name: 'fill' })
		else if (key === 'h') this.setTool({ name: 'hand' })
		else if (key === 'i') this.act({ kind: 'invert' })
		else if (event.key === 'Delete' || event.key === 'Backspace') this.act({ kind: 'clear' })
		else if (event.key === 'Escape') this.close()
		else if (event.target.type === 'range' || !this.viewport.key(event)) return
		event.preventDefault()
	}

	#step(direction) {
		const size = this.tool.size
		this.setTool({ size: Math.min(2000, Math.max(1, Math.round(direction > 0 ? Math.max(size + 1, size * 1.15) : Math.min(size - 1, size / 1.15)))) })
	}

	// MARK: Drawing

	#hover(event) {
		this.hovered = event.pointerType === 'touch' ? null : { x: event.clientX, y: event.clientY }
		this.#moveCursor()
	}

	#moveCursor() {
		const isRound = this.hovered && this.tool.name === 'brush' && !this.space
		set(this.cursor, 'hidden', !isRound)
		if (!isRound) return
		const box = this.body.getBoundingClientRect()
		const side = Math.max(3, this.tool.size * this.viewport.scale)
		Object.assign(this.cursor.style, { width: `${side}px`, height: `${side}px`, transform: `translate(${this.hovered.x - box.left - side / 2}px, ${this.hovered.y - box.top - side / 2}px)` })
	}

	#draw() {
		const { canvas, tint, shade, viewport, mask, ratio = 1, tool } = this
		const context = canvas.getContext('2d')
		const place = (target) => {
			target.setTransform(ratio * viewport.scale, 0, 0, ratio * viewport.scale, ratio * viewport.x, ratio * viewport.y)
			target.imageSmoothingEnabled = viewport.scale < 3
		}
		const wipe = (target, colour) => {
			target.setTransform(1, 0, 0, 1, 0, 0)
			target.globalCompositeOperation = 'source-over'
			target.clearRect(0, 0, canvas.width, canvas.height)
			if (!colour) return
			target.fillStyle = colour
			target.fillRect(0, 0, canvas.width, canvas.height)
		}
		const over = (target, operation, colour) => {
			target.setTransform(1, 0, 0, 1, 0, 0)
			target.globalCompositeOperation = operation
			target.fillStyle = colour
			target.fillRect(0, 0, canvas.width, canvas.height)
			target.globalCompositeOperation = 'source-over'
		}
		const [hue, opacity] = [parseInt(tool.colour.slice(1), 16), tool.opacity]
		const dimmed = [16, 8, 0].map((bits) => Math.round(((hue >> bits) & 255) * opacity))
		const grey = Math.round(255 * opacity)
		// picture * (1 - mask * opacity) + colour * mask * opacity
		const [tinted, shaded] = [tint.getContext('2d'), shade.getContext('2d')]
		for (const target of [tinted, shaded]) {
			wipe(target, '#000')
			place(target)
			target.drawImage(mask.canvas, 0, 0)
		}
		over(tinted, 'multiply', `rgb(${dimmed.join(' ')})`)
		over(shaded, 'multiply', `rgb(${grey} ${grey} ${grey})`)
		over(shaded, 'difference', '#fff')
		wipe(context)
		place(context)
		context.drawImage(this.image, 0, 0)
		context.setTransform(1, 0, 0, 1, 0, 0)
		context.save()
		place(context)
		context.beginPath()
		context.rect(0, 0, mask.width, mask.height)
		context.clip()
		context.setTransform(1, 0, 0, 1, 0, 0)
		context.globalCompositeOperation = 'multiply'
		context.drawImage(shade, 0, 0)
		context.globalCompositeOperation = 'lighter'
		context.drawImage(tint, 0, 0)
		context.restore()
		context.globalCompositeOperation = 'source-over'
		place(context)
		this.#drawShape(context)
		this.#drawCrop(context)
	}

	#drawShape(context) {
		const { begun, viewport } = this
		if (!begun || begun.kind === 'stroke') return
		context.beginPath()
		if (begun.kind === 'lasso') for (const [x, y] of begun.points) context.lineTo(x, y)
		else {
			const [[x0, y0], [x1, y1]] = [begun.points[0], begun.points.at(-1)]
			context.rect(x0, y0, x1 - x0, y1 - y0)
		}
		dashed(context, viewport.scale)
	}

	/** The part that the model will see. */
	#drawCrop(context) {
		const crop = this.desk.planned?.crop
		if (!crop || !this.desk.repaint?.id) return
		context.beginPath()
		context.rect(crop.x, crop.y, crop.width, crop.height)
		dashed(context, this.viewport.scale)
	}
}

function dashed(context, scale) {
	context.lineWidth = 3 / scale
	context.setLineDash([])
	context.strokeStyle = 'rgb(0 0 0 / 0.55)'
	context.stroke()
	context.lineWidth = 1.5 / scale
	context.setLineDash([7 / scale, 5 / scale])
	context.strokeStyle = '#fff'
	context.stroke()
	context.setLineDash([])
}

function loaded(address) {
	const image = new Image()
	image.src = address
	return image.decode().then(() => image)
}
