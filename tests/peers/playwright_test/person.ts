// The person of the demo, who has the phone at hand; and a place for the tokens, out of the project.
// PHONES holds the address of each test's phone by the test's title, KEPT the file that takes the tokens.

import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { test, type Page } from '@playwright/test';

import { enter, type Checkpoint } from './specs/tokenbroker';

const CODE_FIELD = 'input[autocomplete="one-time-code"]';

export async function human({ page, kind }: Checkpoint): Promise<void> {
  if (kind === 'device') {
    await approve();
  } else if (kind === 'otp' || (await page.locator(CODE_FIELD).isVisible())) {
    await enter(page.locator(CODE_FIELD), await onPhone(/data-latest-code>(\d{6})</));
    await page.locator(CODE_FIELD).press('Enter');
    await page.locator(CODE_FIELD).waitFor({ state: 'detached' });
  } else {
    await solve(page);
  }
}

export async function keep(reference: string, token: string): Promise<void> {
  const told = { title: test.info().title, reference, token };
  appendFileSync(process.env.KEPT!, `${JSON.stringify(told)}\n`);
}

async function approve(): Promise<void> {
  const form = await onPhone(/<form method="post" action="([^"]+)"/);
  const address = new URL(form, phone());
  const headers = { Origin: address.origin, Referer: address.href };
  const body = new URLSearchParams({ answer: 'approve' });
  const answer = await fetch(address, { method: 'POST', headers, body });
  if (!answer.ok) {
    throw new Error(`the phone answered ${answer.status}`);
  }
}

async function solve(page: Page): Promise<void> {
  await page.locator('[data-captcha-checkbox]').click();
  const square = await onPhone(/data-captcha-answer>(\d+)</);
  await page.locator(`[data-tile="${square}"]`).click();
}

function phone(): string {
  const phones: Record<string, string> = JSON.parse(process.env.PHONES!);
  return phones[test.info().title]!;
}

/** What the phone shows where this pattern has its group, once it is there. */
async function onPhone(pattern: RegExp): Promise<string> {
  const ends = Date.now() + Number(process.env.PATIENCE_MS);
  while (Date.now() < ends) {
    const screen = await (await fetch(phone())).text();
    const found = pattern.exec(screen)?.[1];
    if (found !== undefined) {
      return found;
    }
    await sleep(100);
  }
  throw new Error('the phone did not show what was waited for');
}
