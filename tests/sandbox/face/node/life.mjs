/** A subscription's life through Stripe's SDK for Node; takes a port, prints what it saw as JSON. */
import Stripe from "stripe";

const NOW = 1768471200;
const DAY = 86400;

const stripe = new Stripe("sk_test_emulator0001", {
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  protocol: "http",
  maxNetworkRetries: 1,
  telemetry: false,
});

async function advance(clock, days) {
  const { frozen_time } = await stripe.testHelpers.testClocks.retrieve(clock);
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: frozen_time + days * DAY });
  const { status } = await stripe.testHelpers.testClocks.retrieve(clock);
  if (status !== "ready") throw new Error(`the clock is ${status}`);
}

async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return [error.type, error.statusCode, error.code ?? null, error.param ?? null];
  }
  throw new Error("nothing was refused");
}

const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: NOW })).id;
const product = await stripe.products.create({ name: "Pro" });
const [monthly, yearly] = await Promise.all([
  stripe.prices.create({ product: product.id, unit_amount: 2500, currency: "usd", recurring: { interval: "month" } }),
  stripe.prices.create({ product: product.id, unit_amount: 25000, currency: "usd", recurring: { interval: "year" } }),
]);
const customer = await stripe.customers.create({
  email: "ada@example.com",
  metadata: { team: "red" },
  payment_method: "pm_card_visa",
  invoice_settings: { default_payment_method: "pm_card_visa" },
  test_clock: clock,
});
const trial = await stripe.subscriptions.create({
  customer: customer.id,
  items: [{ price: monthly.id, quantity: 2 }],
  trial_period_days: 14,
  expand: ["latest_invoice.payments", "customer"],
});
await advance(clock, 15);
const active = await stripe.subscriptions.retrieve(trial.id, { expand: ["latest_invoice"] });
const changed = await stripe.subscriptions.update(trial.id, {
  items: [{ id: trial.items.data[0].id, price: yearly.id, quantity: 1 }],
  proration_behavior: "always_invoice",
  expand: ["latest_invoice"],
});
const invoices = [];
for await (const invoice of stripe.invoices.list({ customer: customer.id, limit: 1 })) invoices.push(invoice.total);
const scheduled = await stripe.subscriptions.update(trial.id, { cancel_at_period_end: true });
const resumed = await stripe.subscriptions.update(trial.id, { cancel_at_period_end: false });
const ended = await stripe.subscriptions.cancel(trial.id);
const found = await stripe.customers.search({ query: "metadata['team']:'red'" });
const events = await stripe.events.list({ type: "customer.subscription.deleted" });
const once = { idempotencyKey: "node-1" };
const twice = await Promise.all([
  stripe.products.create({ name: "Once" }, once),
  stripe.products.create({ name: "Once" }, once),
]);

console.log(
  JSON.stringify({
    trial: [trial.status, trial.customer.email, trial.latest_invoice.total],
    active: [active.status, active.latest_invoice.amount_paid],
    changed: [changed.status, changed.items.data[0].price.id === yearly.id, changed.latest_invoice.status],
    invoices: invoices.length,
    scheduled: [scheduled.cancel_at_period_end, resumed.cancel_at_period_end],
    ended: ended.status,
    found: found.data.map((one) => one.id === customer.id),
    events: events.data.map((event) => event.data.object.id === trial.id),
    once: twice[0].id === twice[1].id,
    missing: await errorOf(stripe.subscriptions.retrieve("sub_none")),
    unknown: await errorOf(stripe.customers.create({ colour: "red" })),
    declined: await errorOf(stripe.paymentMethods.attach("pm_card_chargeDeclined", { customer: customer.id })),
  }),
);
