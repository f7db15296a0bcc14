// Each rule is a sentence of docs/architecture.md.
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from: { path: from }, to })

export default {
  forbidden: [
    forbid('no-circular', 'Modules form a tree.', '^(packages|demo|bench)', { circular: true }),
    forbid('contract-and-pki-stand-alone', 'contract and pki import none of our other packages.', '^packages/(contract|pki)/', {
      path: '^packages/(?!contract|pki)',
    }),
    forbid(
      'pair-files-see-contract-and-pki',
      'What writes pairs into files is used by the server and on other machines: of our packages it imports contract and pki alone.',
      '^packages/pair-files/src/',
      { path: '^packages/(?!pair-files/src|contract|pki)' },
    ),
    forbid(
      'agent-is-small',
      'The agent runs on machines of others: contract (types and errors), pki, pair-files, Node, and nothing else.',
      '^packages/agent/src/',
      { pathNot: '^(packages/(agent|pair-files|pki|contract)/(src|package\\.json)|node:)|^[a-z_]+(/promises|/posix)?$' },
    ),
    {
      name: 'clients-see-only-the-contract',
      comment:
        'Console and CLI know the server through the contract, types included; what runs it, or works on a stopped one, loads it lazily in one file each.',
      severity: 'error',
      from: { path: '^packages/(console|cli|agent)/', pathNot: '^packages/cli/src/(commands/serve|stopped-service)\\.ts$' },
      to: { path: '^packages/server/' },
    },
    forbid(
      'console-sees-contract-and-pki',
      'The console runs in a browser: of our packages it imports contract and pki alone.',
      '^packages/console/src/',
      { path: '^packages/(?!console/src|contract|pki)' },
    ),
    {
      name: 'console-has-no-node',
      comment: 'The console runs in a browser.',
      severity: 'error',
      from: { path: '^packages/console/src/' },
      to: { dependencyTypes: ['core'] },
    },
    forbid('domain-is-pure', 'The domain imports neither I/O nor frameworks.', '^packages/server/src/domain/', {
      pathNot: '^packages/(server/src/domain|pki/src|contract/src)/|node_modules/zod/|node_modules/tldts',
    }),
    forbid('ports-see-the-domain', 'A port is types over the domain.', '^packages/server/src/ports/', {
      pathNot: '^packages/(server/src/(ports|domain)|pki/src|contract/src)/|node_modules/zod/',
    }),
    forbid(
      'adapters-are-islands',
      'An adapter imports its port, the domain, the kit, and nothing of another adapter.',
      '^packages/server/src/adapters/(?!kit/)([^/]+)/(?!index\\.ts)([^/]+)',
      { path: '^packages/server/src/', pathNot: '^packages/server/src/(ports|domain|adapters/kit|adapters/$1/$2)' },
    ),
    forbid(
      'services-know-no-adapter',
      'Services take adapters through the registry that main.ts hands them.',
      '^packages/server/src/services/',
      { path: '^packages/server/src/(adapters|http|jobs|config)/' },
    ),
    forbid(
      'http-and-jobs-call-services',
      'Routes and jobs reach the database and the adapters through services.',
      '^packages/server/src/(http|jobs)/',
      { path: '^packages/server/src/(db|adapters)/' },
    ),
    forbid('db-knows-no-service', 'The database layer is below the services.', '^packages/server/src/db/', {
      path: '^packages/server/src/(services|adapters|http|jobs|config)/',
    }),
    forbid('nobody-imports-main', 'main.ts is the composition root.', '^packages/server/src/', {
      path: '^packages/server/src/main\\.ts$',
    }),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/console/dist/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs'],
    },
  },
}
