import { defineConfig } from '@playwright/test';

import { human, keep } from './person';
import type { TokenbrokerOptions } from './specs/tokenbroker';

export default defineConfig<TokenbrokerOptions>({
  testDir: 'specs',
  outputDir: 'results',
  // All that a project may have: each writes what another does not.
  reporter: [
    ['list', { printSteps: true }],
    ['json', { outputFile: 'reports/report.json' }],
    ['junit', { outputFile: 'reports/junit.xml' }],
    ['html', { outputFolder: 'reports/html', open: 'never' }],
  ],
  use: {
    tokenbroker: { human, keep },
    actionTimeout: Number(process.env.PATIENCE_MS),
    launchOptions: { executablePath: process.env.BROWSER! },
  },
});
