// Files for the person's own disk.
import { h } from './dom.js'

/** A download under a name of its own. */
export function save(address, name) {
	const link = h('a', { href: address, download: name, hidden: true })
	document.body.append(link)
	link.click()
	link.remove()
}
