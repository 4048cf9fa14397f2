// The mask: what was done to it, in order, and what that comes to. White is repainted, black stays; undo has no end.
import { clamp } from './dom.js'

const snapshotEvery = 12
const snapshotsKept = 4
/** From this hardness on an edge is drawn as a line, not as a gradient. */
const hard = 0.97

export class Mask {
	constructor(width, height) {
		Object.assign(this, { width, height, done: [], undone: [], snapshots: [] })
		this.canvas = new OffscreenCanvas(width, height)
		this.context = this.canvas.getContext('2d')
		this.#blank()
	}

	get canUndo() {
		return this.done.length > 0
	}

	get canRedo() {
		return this.undone.length > 0
	}

	/** Draws one deed and keeps it. */
	act(deed) {
		if (deed.kind !== 'stroke' || !deed.drawn) this.#draw(deed)
		delete deed.drawn
		this.done.push(deed)
		this.undone = []
		if (this.done.length % snapshotEvery === 0) this.#keep()
	}

	undo() {
		if (!this.canUndo) return
		this.undone.push(this.done.pop())
		this.restore()
	}

	redo() {
		if (!this.canRedo) return
		const deed = this.undone.pop()
		this.#draw(deed)
		this.done.push(deed)
	}

	/** What the deeds come to, without what was begun and given up. */
	restore() {
		while (this.snapshots.length && this.snapshots.at(-1).count > this.done.length) this.snapshots.pop()
		const snapshot = this.snapshots.at(-1)
		this.#blank()
		if (snapshot) this.context.drawImage(snapshot.canvas, 0, 0)
		for (const deed of this.done.slice(snapshot?.count ?? 0)) this.#draw(deed)
	}

	toBlob() {
		return this.canvas.convertToBlob({ type: 'image/png' })
	}

	#blank() {
		this.context.globalCompositeOperation = 'source-over'
		this.context.fillStyle = '#000'
		this.context.fillRect(0, 0, this.width, this.height)
	}

	#keep() {
		const canvas = new OffscreenCanvas(this.width, this.height)
		canvas.getContext('2d').drawImage(this.canvas, 0, 0)
		this.snapshots.push({ count: this.done.length, canvas })
		if (this.snapshots.length > snapshotsKept) this.snapshots.shift()
	}

	#draw(deed) {
		const { context } = this
		context.globalCompositeOperation = 'source-over'
		if (deed.kind === 'stroke') this.stroke(deed, 0)
		else if (deed.kind === 'lasso') {
			context.fillStyle = deed.erase ? '#000' : '#fff'
			context.beginPath()
			for (const [x, y] of deed.points) context.lineTo(x, y)
			context.closePath()
			context.fill()
		} else if (deed.kind === 'rectangle') {
			context.fillStyle = deed.erase ? '#000' : '#fff'
			context.fillRect(deed.x, deed.y, deed.width, deed.height)
		} else if (deed.kind === 'invert') {
			context.globalCompositeOperation = 'difference'
			context.fillStyle = '#fff'
			context.fillRect(0, 0, this.width, this.height)
		} else if (deed.kind === 'clear') this.#blank()
		else if (deed.kind === 'flood') this.#flood(deed)
		else if (deed.kind === 'image') context.drawImage(deed.image, 0, 0, this.width, this.height)
		context.globalCompositeOperation = 'source-over'
	}

	/** Draws the points of a stroke from `first` on. Each point is [x, y, radius]. The lighter of two (erasing: the darker) stays. */
	stroke(deed, first) {
		const { context } = this
		const { points, hardness, erase } = deed
		context.globalCompositeOperation = erase ? 'darken' : 'lighten'
		const [core, edge] = erase ? ['#000', '#fff'] : ['#fff', '#000']
		if (hardness >= hard) {
			context.fillStyle = context.strokeStyle = core
			context.lineCap = 'round'
			for (let index = first; index < points.length; index += 1) {
				const [x, y, radius] = points[index]
				context.beginPath()
				context.arc(x, y, radius, 0, 2 * Math.PI)
				context.fill()
				if (index === 0) continue
				const [fromX, fromY, fromRadius] = points[index - 1]
				context.lineWidth = radius + fromRadius
				context.beginPath()
				context.moveTo(fromX, fromY)
				context.lineTo(x, y)
				context.stroke()
			}
		} else {
			const stamp = (x, y, radius) => {
				const gradient = context.createRadialGradient(x, y, radius * hardness, x, y, radius)
				gradient.addColorStop(0, core)
				gradient.addColorStop(1, edge)
				context.fillStyle = gradient
				context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
			}
			for (let index = first; index < points.length; index += 1) {
				const [x, y, radius] = points[index]
				const [fromX, fromY, fromRadius] = points[Math.max(0, index - 1)]
				const length = Math.hypot(x - fromX, y - fromY)
				const count = Math.max(1, Math.ceil(length / Math.max(0.5, radius * 0.15)))
				for (let part = 1; part <= count; part += 1) {
					const share = part / count
					stamp(fromX + (x - fromX) * share, fromY + (y - fromY) * share, fromRadius + (radius - fromRadius) * share)
				}
			}
		}
		context.globalCompositeOperation = 'source-over'
	}

	/** Fills what is connected with the point and on the same side of half grey. */
	#flood({ x, y, erase }) {
		const { width, height } = this
		const image = this.context.getImageData(0, 0, width, height)
		const pixels = new Uint32Array(image.data.buffer)
		const target = erase ? 0xff000000 : 0xffffffff
		const start = clamp(Math.floor(y), 0, height - 1) * width + clamp(Math.floor(x), 0, width - 1)
		const open = (index) => (erase ? (pixels[index] & 0xff) >= 128 : (pixels[index] & 0xff) < 128)
		if (!open(start)) return
		const seen = new Uint8Array(width * height)
		const waiting = [start]
		seen[start] = 1
		while (waiting.length) {
			const from = waiting.pop()
			const row = Math.floor(from / width) * width
			let left = from
			while (left > row && open(left - 1)) left -= 1
			let right = from
			while (right < row + width - 1 && open(right + 1)) right += 1
			for (let index = left; index <= right; index += 1) {
				pixels[index] = target
				for (const next of [index - width, index + width]) {
					if (next < 0 || next >= seen.length || seen[next] || !open(next)) continue
					seen[next] = 1
					waiting.push(next)
				}
			}
		}
		this.context.putImageData(image, 0, 0)
	}
}
