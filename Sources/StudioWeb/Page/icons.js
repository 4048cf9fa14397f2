// Line icons on a grid of 24, drawn for this page.
import { fill, h, svg } from './dom.js'

const paths = {
	check: 'M5 12.5l4.5 4.5L19 7.5',
	cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
	plus: 'M12 5v14M5 12h14',
	minus: 'M5 12h14',
	undo: 'M9 7L4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 0 10h-2',
	redo: 'M15 7l4.5 4.5L15 16M19 11.5h-9a5 5 0 0 0 0 10h2',
	edit: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3',
	brush: 'M20 4L10.5 13.5M8 13a4 4 0 0 0-3 4c0 2-1.5 2.5-1.5 2.5 3.5 1.5 8.5.5 8.5-3.5a3.5 3.5 0 0 0-4-3z',
	eraser: 'M4 15.5L13.5 6l5.5 5.5L11 19.5H8zM9 10.5l5.5 5.5M11 19.5h9',
	lasso: 'M12 5c5 0 8 2.2 8 5s-3 5-8 5-8-2.2-8-5 3-5 8-5zM7 14.5a2 2 0 1 0 1 3c0 2-1 3.5-2.5 3.5',
	rectangle: 'M4.5 6.5h15v11h-15z',
	fill: 'M5 12l7-7 7 7-6 6a2 2 0 0 1-2.5 0zM9.5 7.5L7 5M20.5 16s1.5 2 1.5 3a1.5 1.5 0 0 1-3 0c0-1 1.5-3 1.5-3z',
	invert: 'M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16M12 4v16',
	hand: 'M8 12V6.5a1.5 1.5 0 0 1 3 0V11 5a1.5 1.5 0 0 1 3 0v6-4.5a1.5 1.5 0 0 1 3 0V14c0 4-2 6.5-5.5 6.5-3 0-4.5-1.5-6-4.5l-1.5-3a1.4 1.4 0 0 1 2.5-1.2z',
	enlarge: 'M9 9h6v6H9zM4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4',
	trash: 'M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7',
	dice: 'M4.5 4.5h15v15h-15zM9 8.3a.7.7 0 1 0 .01 0zM15 8.3a.7.7 0 1 0 .01 0zM12 11.3a.7.7 0 1 0 .01 0zM9 14.3a.7.7 0 1 0 .01 0zM15 14.3a.7.7 0 1 0 .01 0z',
	lock: 'M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
	unlock: 'M6.5 11h11v8.5h-11zM8.5 11V7.5a3.5 3.5 0 0 1 6.8-1',
	swap: 'M7 5L3.5 8.5 7 12M3.5 8.5H18M17 12l3.5 3.5L17 19M20.5 15.5H6',
	star: 'M12 4.5l2.3 4.8 5.2.7-3.8 3.6.9 5.2-4.6-2.5-4.6 2.5.9-5.2L4.5 10l5.2-.7z',
	sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
	moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
	queue: 'M4 6h10M4 12h10M4 18h6M18 8v9M15 14l3 3 3-3',
	picture: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4L15.5 13 20 17M15 9h.01',
	tags: 'M4 4.5h7.5L20 13l-7 7-8.5-8.5zM8 8h.01',
	settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
	grid: 'M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z',
	history: 'M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2',
	upload: 'M12 15.5V4.5M7.5 9L12 4.5 16.5 9M4.5 15v4.5h15V15',
	download: 'M12 4.5v11M7.5 11l4.5 4.5 4.5-4.5M4.5 15v4.5h15V15',
	search: 'M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM16 16l4 4',
	split: 'M4 5h16v14H4zM12 3v18M9.5 10L7.5 12l2 2M14.5 10l2 2-2 2',
	side: 'M4 5h7v14H4zM13 5h7v14h-7z',
	difference: 'M9 5a6 6 0 1 0 0 12A6 6 0 0 0 9 5zM15 7a6 6 0 1 0 0 12 6 6 0 0 0 0-12z',
	fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
	up: 'M12 19V5M6 11l6-6 6 6',
	down: 'M12 5v14M6 13l6 6 6-6',
	more: 'M6 11a1 1 0 1 0 .01 0zM12 11a1 1 0 1 0 .01 0zM18 11a1 1 0 1 0 .01 0z',
	back: 'M15 5l-7 7 7 7',
	keyboard: 'M3.5 6.5h17v11h-17zM7 10h.01M10.5 10h.01M14 10h.01M17 10h.01M8 14h8',
	paste: 'M8 5.5H5.5v14h13v-14H16M8.5 4h7v3.5h-7z',
	bookmark: 'M7 4.5h10V20l-5-4-5 4z',
	again: 'M19.5 12a7.5 7.5 0 1 1-2-5L20 9M20 4v5h-5',
	vary: 'M4 15c2.5 0 2.5-6 5-6s2.5 6 5 6 2.5-6 6-6',
	sheet: 'M4 4.5h16v15H4zM4 9.5h16M9 4.5v15M14.5 4.5v15M4 14.5h16',
	seed: 'M12 20c0-6 0-9 6-13M12 14c-4 0-6-2-6.5-6 4 0 6.5 2 6.5 6z',
	reference: 'M4 5h16v14H4zM12 8.5v7M8.5 12h7',
	eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
	folder: 'M3.5 6h6l2 2.5h9v10h-17z',
}

/** An icon that a label beside it, or on its button, explains. */
export function icon(name) {
	return svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false' }, svg('path', { d: paths[name] }))
}

/**
 * Gives a button its icon, and words beside it. One that has them is left alone: a press is lost where what was pressed is replaced before it is
 * let go.
 */
export function face(button, name, words = '') {
	const shown = name + words
	if (button.dataset.face === shown) return
	button.dataset.face = shown
	fill(button, icon(name), words && h('span', words))
}

/** A button that an icon stands for; its words are its name and its tip. */
export const tool = (sign, words, run, more) => h('button.icon-button.small', { tip: words, onclick: run, ...more }, icon(sign))
