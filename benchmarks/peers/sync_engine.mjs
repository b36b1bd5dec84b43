// Serves @supabase/stripe-sync-engine's webhook: node sync_engine.mjs <environment> <connection string>
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

const [environment, connectionString] = process.argv.slice(2)
const { StripeSync, runMigrations } = createRequire(`${environment}/package.json`)('@supabase/stripe-sync-engine')

await runMigrations({ databaseUrl: connectionString, schema: 'stripe' })
const sync = new StripeSync({
  poolConfig: { connectionString, max: 10 },
  stripeSecretKey: process.env.STRIPE_SECRET_KEY,
  stripeWebhookSecret: process.env.STRIPE_WEBHOOK_SECRET,
})

const server = createServer((request, response) => {
  const pieces = []
  request.on('data', (piece) => pieces.push(piece))
  request.on('end', async () => {
    try {
      await sync.processWebhook(Buffer.concat(pieces), request.headers['stripe-signature'])
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"received":true}')
    } catch (error) {
      response.writeHead(500).end(String(error.stack))
    }
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
