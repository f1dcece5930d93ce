// Names for what the policy itself has to say: comments that suppress nothing and settings that cannot be followed.
// They are listed, documented and set like rules; they are not in rules/index.ts, because they look at no checkpoint.

import type { Severity } from '../protocol'
import { rules } from '../rules/index'

/** What settings, documentation and reports know of a rule. */
export interface RuleCard {
  readonly id: string
  readonly severity: Severity
  readonly title: string
}

export const unusedSuppression: RuleCard = {
  id: 'unused-suppression',
  severity: 'hint',
  title: 'A comment suppresses nothing',
}

export const faultySettings: RuleCard = {
  id: 'faulty-settings',
  severity: 'error',
  title: 'The settings file or the baseline cannot be followed',
}

/** Every name that a finding may have: the rules, then the policy's own. */
export const ruleCards: readonly RuleCard[] = [...rules, unusedSuppression, faultySettings].map(
  ({ id, severity, title }) => ({ id, severity, title }),
)

const known = new Set(ruleCards.map(({ id }) => id))

export const isRuleId = (id: string): boolean => known.has(id)
