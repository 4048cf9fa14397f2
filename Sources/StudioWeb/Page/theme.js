// Light or dark: as the system has it, unless the person says otherwise.
import { remembered } from './store.js'

const dark = matchMedia('(prefers-color-scheme: dark)')
let chosen = remembered.read('theme', null)
apply()

export const isDark = () => (chosen ? chosen === 'dark' : dark.matches)

export function switchTheme() {
	const next = isDark() ? 'light' : 'dark'
	// Back to the system's own choice is no choice of one's own.
	chosen = (next === 'dark') === dark.matches ? null : next
	remembered.write('theme', chosen)
	apply()
}

function apply() {
	if (chosen) document.documentElement.dataset.theme = chosen
	else delete document.documentElement.dataset.theme
}

export const onSystemTheme = (listener) => dark.addEventListener('change', listener)
