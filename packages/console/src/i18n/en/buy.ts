import type { SameKeys } from '../texts.ts'
import type { buy as zh } from '../zh/buy.ts'

export const buy: SameKeys<typeof zh> = {
  title: 'Buy a certificate',
  intro:
    'Choose a product, the term and how many domains, and order at the price that is shown. The application follows the payment.',
  product: 'Product',
  allBrands: 'Every brand',
  allTypes: 'Every certificate type',
  allDomainTypes: 'Every domain type',
  noneFits: 'No product meets these conditions.',
  emptyTitle: 'Nothing is sold at the moment',
  emptyText: 'An operator adds products under “Products and prices”; they can be bought here then.',
  issuedBy: 'Issued by {{issuer}}',
  rules: { public: 'publicly trusted', private: 'privately trusted' },
  noRenewal: 'cannot be renewed',
  from_one: 'from {{amount}} for {{count}} year',
  from_other: 'from {{amount}} for {{count}} years',
  configure: 'Configuration',
  chooseFirst: 'Choose a product first.',
  term: 'Term',
  domainCount: 'Number of domains',
  domainHelp_one: '{{count}} domain is included, each further one costs {{amount}}. They are named in the application.',
  domainHelp_other: '{{count}} domains are included, each further one costs {{amount}}. They are named in the application.',
  oneDomain: {
    single: 'It protects one domain, which is named in the application.',
    wildcard: 'It protects one wildcard, for instance *.example.com, which is named in the application.',
  },
  price: 'Price',
  entitledUntil: 'Paid for until',
  certificateUntil: 'First certificate until',
  estimate: 'Usually takes',
  shortfall: 'A single certificate lives shorter than the period paid for: it is issued again within it at no charge.',
  orderText: 'Ordering charges nothing: how to pay is next. An order that is not paid closes by itself after 24 hours.',
  placeOrder: 'Place the order',
}
