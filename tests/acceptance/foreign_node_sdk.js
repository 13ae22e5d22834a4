// Every call of HubSpot's Node client that touches users, teams, owners, records, properties and
// tokens. Prints one JSON object: what each chapter saw. Proves nothing; the test beside it does.
const { Client } = require('@hubspot/api-client');

const [base, token, minted] = process.argv.slice(2);
const oauth = JSON.parse(minted);
const client = new Client({ accessToken: token, basePath: base, numberOfApiCallRetries: 2 });

async function refusal(work) {
  try {
    await work();
    return null;
  } catch (error) {
    return { code: error.code, category: error.body && error.body.category };
  }
}

async function users() {
  const api = client.settings.users.usersApi;
  const seen = [];
  let after;
  do {
    const page = await api.getPage(2, after);
    seen.push(...page.results.map((row) => row.id));
    after = page.paging && page.paging.next && page.paging.next.after;
  } while (after);
  const made = await api.create({ email: 'node@tiny.test', sendWelcomeEmail: true });
  const twice = await refusal(() => api.create({ email: 'node@tiny.test', sendWelcomeEmail: true }));
  const byEmail = await api.getById('node@tiny.test', 'EMAIL');
  const teams = (await client.settings.users.teamsApi.getAll()).results;
  const roles = (await client.settings.users.rolesApi.getAll()).results;
  const change = { primaryTeamId: teams[0].id, secondaryTeamIds: [] };
  const changed = await api.replace(made.id, change);
  const cleared = await api.replace('node@tiny.test', {}, 'EMAIL');
  await api.archive(made.id);
  await api.archive(made.id);
  const gone = await refusal(() => api.getById(made.id));
  return { seen, made, twice, byEmail: byEmail.id, teams, roles, changed, cleared, gone };
}

async function owners() {
  const api = client.crm.owners.ownersApi;
  const all = (await api.getPage(undefined, undefined, 500, false)).results;
  const one = await api.getById(Number(all[0].id));
  const same = await api.getById(one.userId, 'userId');
  const found = (await api.getPage(one.email)).results;
  const archived = (await api.getPage(undefined, undefined, 10, true)).results;
  return { one, same: same.id, found: found.map((row) => row.id), count: all.length, archived };
}

async function records() {
  const { basicApi, batchApi, searchApi } = client.crm.objects;
  const page = await basicApi.getPage('users', 2, undefined, ['hs_email', 'hs_internal_user_id']);
  const all = await client.crm.contacts.getAll(2);
  const { id, properties } = page.results[0];
  const joined = await basicApi.getById(
    'users', properties.hs_internal_user_id, ['hs_email'], undefined, undefined, false,
    'hs_internal_user_id',
  );
  const changed = await basicApi.update('users', id, { properties: { hs_job_title: 'CFO' } });
  const search = await searchApi.doSearch('users', {
    filterGroups: [{ filters: [{ propertyName: 'hs_job_title', operator: 'EQ', value: 'CFO' }] }],
    sorts: ['hs_object_id'], properties: ['hs_email'], limit: 5, after: '0',
  });
  const inputs = [{ id }, { id: '1' }];
  const read = await batchApi.read('users', { inputs, properties: ['hs_email'], propertiesWithHistory: [] });
  const row = { id, properties: { hs_job_title: 'CEO' } };
  const batch = await batchApi.update('users', { inputs: [row] });
  const bad = await refusal(() => basicApi.update('users', id, { properties: { nope: '1' } }));
  const dead = await refusal(() => basicApi.getPage('users', 2, undefined, [], [], [], true));
  const contact = await client.crm.contacts.basicApi.create({ properties: { email: 'n@c.test' } });
  const both = { inputs: [{ id: 'n@c.test', idProperty: 'email', properties: { firstname: 'N' } }] };
  const upserted = await client.crm.contacts.batchApi.upsert(both);
  await client.crm.contacts.batchApi.archive({ inputs: [{ id: contact.id }] });
  return {
    all: all.length, joined: joined.id === id, title: changed.properties.hs_job_title,
    total: search.total, read, batch: batch.results[0].properties.hs_job_title, bad, dead,
    upserted: upserted.results[0].id === contact.id,
  };
}

async function properties() {
  const { coreApi, batchApi, groupsApi } = client.crm.properties;
  const all = (await coreApi.getAll('0-115')).results;
  const group = await groupsApi.create('users', { name: 'nodegroup', label: 'Node', displayOrder: 3 });
  const wish = { name: 'badge', label: 'Badge', type: 'string', fieldType: 'text', groupName: 'nodegroup' };
  const made = await coreApi.create('users', wish);
  const renamed = await coreApi.update('users', 'badge', { label: 'Badge number' });
  const inUse = await refusal(() => groupsApi.archive('users', 'nodegroup'));
  const read = await batchApi.read('users', { inputs: [{ name: 'badge' }], archived: false });
  await batchApi.archive('users', { inputs: [{ name: 'badge' }] });
  const gone = await refusal(() => coreApi.getByName('users', 'badge'));
  const moved = await groupsApi.update('users', 'nodegroup', { label: 'Nodes' });
  await groupsApi.archive('users', 'nodegroup');
  const groups = (await groupsApi.getAll('users')).results.map((one) => one.name);
  return {
    labels: all.map((one) => one.label), group, made: made.name, renamed: renamed.label, inUse,
    read: read.results.length, gone, moved: moved.label, groups,
  };
}

async function tokens() {
  const { tokensApi, accessTokensApi, refreshTokensApi } = client.oauth;
  const { client_id: id, client_secret: secret, refresh_token: first } = oauth;
  const fresh = await tokensApi.create('refresh_token', undefined, undefined, id, secret, first);
  const access = await accessTokensApi.get(fresh.accessToken);
  const refresh = await refreshTokensApi.get(fresh.refreshToken);
  await refreshTokensApi.archive(fresh.refreshToken);
  const again = [undefined, undefined, id, secret, fresh.refreshToken];
  const refused = await refusal(() => tokensApi.create('refresh_token', ...again));
  const details = await (await client.apiRequest({ path: '/account-info/v3/details' })).json();
  return { seconds: fresh.expiresIn, hub: access.hubId, same: refresh.hubId, refused, details };
}

async function limits() {
  const started = Date.now();
  const fault = { kind: '429_search', operation: 'crm.users.search', times: 1 };
  await fetch(`${base}/_emulator/faults`, { method: 'POST', body: JSON.stringify(fault) });
  const found = await client.crm.objects.searchApi.doSearch('users', { limit: 1, filterGroups: [] });
  const lasted = Date.now() - started;
  const stranger = new Client({ accessToken: 'nonsense', basePath: base });
  const refused = await refusal(() => stranger.settings.users.usersApi.getPage());
  return { total: found.total, lasted, refused };
}

(async () => {
  const told = {};
  for (const chapter of [users, owners, records, properties, tokens, limits]) {
    told[chapter.name] = await chapter();
  }
  console.log(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
