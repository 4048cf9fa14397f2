// Every word of the page, by what it is said of.

import * as frame from './text-frame.js'
import * as pictures from './text-pictures.js'
import * as records from './text-records.js'
import * as settings from './text-settings.js'
import * as tags from './text-tags.js'

export const text = { ...frame, ...tags, ...settings, ...pictures, ...records }
