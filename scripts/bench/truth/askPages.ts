// Asks processes that analyse pages; each takes the next page as it becomes free.

import { fork } from 'node:child_process'
import type { Answer, Request } from './verdictWorker'

/** The answers to the requests, in their order. */
export async function askPages(requests: readonly Request[], workers: number): Promise<Answer[]> {
  const answers: Answer[] = []
  let next = 0
  const ask = async (): Promise<void> => {
    const worker = fork(__filename, [], { serialization: 'advanced' })
    try {
      for (let index = next++; index < requests.length; index = next++) {
        const request = requests[index]
        if (!request) break
        answers[index] = await new Promise<Answer>((resolve, reject) => {
          worker.once('message', answer => resolve(answer as Answer))
          worker.once('exit', code => reject(new Error(`the analysis of ${request.name} ended with ${code}`)))
          worker.send(request)
        })
        worker.removeAllListeners()
      }
    } finally {
      worker.kill()
    }
  }
  await Promise.all(Array.from({ length: workers }, ask))
  return answers
}
