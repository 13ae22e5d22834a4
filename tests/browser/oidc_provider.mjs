// A certified OpenID Connect provider with one client and its own screens for log-in and consent:
// whoever signs in as NAME is NAME@acme.test. Prints a line once it listens.
import Provider from 'oidc-provider';

const [port, redirect, secret] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'rolecall-test', client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, email: `${id}@acme.test`, email_verified: id !== 'unproved', name: `${id} by the provider`,
    }),
  }),
  pkce: { required: () => true },
  cookies: { keys: ['of a test'] },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
