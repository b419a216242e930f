// Recorded by tokenbroker: examplecloud/create_api_key. Makes an API key.
//
// It needs these environment variables:
//   EXAMPLE_EMAIL: secrets:example.email
//   EXAMPLE_PASSWORD: secrets:example.password
//
// It takes these, which need not be set:
//   PARAM_KEY_NAME: param:key_name; by default 'OpenDiscourse Agent'
//   CONSOLE_EXAMPLE_COM_URL: where https://console.example.com is
//
// Run it in the folder of playwright.config.ts, with tokenbroker.ts in the folder above this one:
//   npx playwright test examplecloud/create_api_key.spec.ts --headed
//
// Where a person is needed it pauses in the Playwright Inspector: do it in the page, then press
// Resume. tokenbroker.ts tells how to have it done otherwise.
//
// The token is forgotten at the end, but for what `keep` does with it: see tokenbroker.ts.
//
// Traces, screenshots and videos are off, for they would keep passwords and tokens, and so would
// the page snapshot of a failing test, which tokenbroker.ts switches off.

import { enter, environment, origin, readToken, shown, test } from '../tokenbroker';

test.use({ trace: 'off', screenshot: 'off', video: 'off' });
// A person is asked in between, and a second try would create a second token.
test.describe.configure({ timeout: 10 * 60_000, retries: 0 });

const CONSOLE = origin('CONSOLE_EXAMPLE_COM_URL', 'https://console.example.com');

test('examplecloud/create_api_key', async ({ page, human, keep }) => {
  const { EXAMPLE_EMAIL, EXAMPLE_PASSWORD } = environment('EXAMPLE_EMAIL', 'EXAMPLE_PASSWORD');
  const PARAM_KEY_NAME = process.env.PARAM_KEY_NAME ?? 'OpenDiscourse Agent';

  await page.goto(`${CONSOLE}/login`);
  await enter(page.getByLabel('E-mail address', { exact: true }), EXAMPLE_EMAIL);
  await enter(page.getByLabel('Password', { exact: true }), EXAMPLE_PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await shown(page.getByRole('heading', { name: 'Security code', exact: true }));
  await human('Enter the code that was sent to the phone', 'otp');
  await page.goto(`${CONSOLE}/api-keys`);
  await page.getByRole('link', { name: 'Create API Key', exact: true }).click();
  await page.getByLabel('Key name', { exact: true }).fill(PARAM_KEY_NAME);
  // This creates a key on the site; to revoke it: https://console.example.com/api-keys
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const token = await readToken(page.locator('.token'), { shape: /^exk_live_[A-Za-z0-9]{32}$/ });
  await keep('tokens:example/key', token);
});
