// Runs "Verify Dequantize": picks the modules, reports progress, can be cancelled, and remembers what was missing.

import type { CancellationToken, WorkDoneProgressReporter } from 'vscode-languageserver'
import type { VerifyParams, VerifyReport } from '../protocol'
import { verifyItems } from '../workspace/verifyItems'
import type { ServerContext } from './context'

/** The request's parameters, with the token of the client's own progress where it has one. */
export type VerifyRequest = VerifyParams & { readonly workDoneToken?: string | number }

export async function verify(
  ctx: ServerContext,
  params: VerifyRequest,
  token: CancellationToken,
): Promise<VerifyReport> {
  const { snapshot, analysis } = await ctx.session.current()
  const items = verifyItems(snapshot, analysis, params)
  const progress = await reporter(ctx, params)
  progress?.begin('Verify Dequantize', 0, `${items.length} modules`, true)
  try {
    const report = await ctx.world.verify(items, {
      engine: params.engine ?? 'auto',
      python: ctx.settings.python,
      trusted: ctx.settings.trusted,
      token: eitherToken(token, progress),
      onLog: text => ctx.log(`worker: ${text.trimEnd()}`),
      onProgress: (done, total, module) =>
        progress?.report(Math.round((100 * done) / Math.max(1, total)), `${done} of ${total}: ${module}`),
    })
    ctx.notice = report.notice
    if (report.notice) ctx.log(`verify: ${report.notice.reason}`)
    return report
  } finally {
    progress?.done()
  }
}

type Progress = WorkDoneProgressReporter & { readonly token?: CancellationToken }

async function reporter(ctx: ServerContext, params: VerifyRequest): Promise<Progress | undefined> {
  const { window } = ctx.connection
  if (params.workDoneToken !== undefined) return window.attachWorkDoneProgress(params.workDoneToken)
  return ctx.capabilities.window?.workDoneProgress ? window.createWorkDoneProgress() : undefined
}

/** Cancelled by the request's own token, or by the button of a progress that the server opened. */
function eitherToken(token: CancellationToken, progress: Progress | undefined): CancellationToken {
  const other = progress?.token
  if (!other) return token
  return {
    get isCancellationRequested() {
      return token.isCancellationRequested || other.isCancellationRequested
    },
    onCancellationRequested: (listener, thisArg, disposables) => {
      const both = [
        token.onCancellationRequested(listener, thisArg, disposables),
        other.onCancellationRequested(listener, thisArg, disposables),
      ]
      return { dispose: () => both.forEach(each => each.dispose()) }
    },
  }
}
