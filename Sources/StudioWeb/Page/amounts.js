// How numbers, times and kinds of work are said.

export const one = (count, single, several) => `${count.toLocaleString('en')} ${count === 1 ? single : several}`
export const seconds = (value) => {
	if (value < 1) return 'less than a second'
	if (value < 90) return `${Math.round(value)} s`
	return value < 5400 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`
}
export const bytes = (value) => (value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB` : `${Math.round(value / 1e6)} MB`)
export const percent = (share) => (share > 0 && share < 0.01 ? 'less than 1 %' : `${Math.round(share * 100)} %`)
export const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
export const kinds = { generate: 'Redrawn', repaint: 'Repainted', paint: 'Painted' }
export const stepsRun = (run, requested) => (requested === 1 ? one(run, 'step', 'steps') : `${run} of ${one(requested, 'step', 'steps')}`)
