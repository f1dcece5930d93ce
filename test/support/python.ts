/** The interpreter with MLX that the tests use; undefined where the test script found none. */
export function testPython(): string | undefined {
  return process.env.TENSORLINT_TEST_PYTHON || undefined
}
