/**
 * Every page of the console: its path, its place in the menu, and how its code is loaded. The one place to add a page to.
 *
 * @module
 */
import { createElement, lazy, type ComponentType, type ReactElement } from 'react'
import ApartmentOutlined from '@ant-design/icons/es/icons/ApartmentOutlined'
import LineChartOutlined from '@ant-design/icons/es/icons/LineChartOutlined'
import LinkOutlined from '@ant-design/icons/es/icons/LinkOutlined'
import AuditOutlined from '@ant-design/icons/es/icons/AuditOutlined'
import BankOutlined from '@ant-design/icons/es/icons/BankOutlined'
import CloudServerOutlined from '@ant-design/icons/es/icons/CloudServerOutlined'
import CompassOutlined from '@ant-design/icons/es/icons/CompassOutlined'
import ContactsOutlined from '@ant-design/icons/es/icons/ContactsOutlined'
import IdcardOutlined from '@ant-design/icons/es/icons/IdcardOutlined'
import FormOutlined from '@ant-design/icons/es/icons/FormOutlined'
import DesktopOutlined from '@ant-design/icons/es/icons/DesktopOutlined'
import RadarChartOutlined from '@ant-design/icons/es/icons/RadarChartOutlined'
import GlobalOutlined from '@ant-design/icons/es/icons/GlobalOutlined'
import KeyOutlined from '@ant-design/icons/es/icons/KeyOutlined'
import SafetyCertificateOutlined from '@ant-design/icons/es/icons/SafetyCertificateOutlined'
import UploadOutlined from '@ant-design/icons/es/icons/UploadOutlined'
import BellOutlined from '@ant-design/icons/es/icons/BellOutlined'
import SafetyOutlined from '@ant-design/icons/es/icons/SafetyOutlined'
import FileDoneOutlined from '@ant-design/icons/es/icons/FileDoneOutlined'
import FileSearchOutlined from '@ant-design/icons/es/icons/FileSearchOutlined'
import SettingOutlined from '@ant-design/icons/es/icons/SettingOutlined'
import ProfileOutlined from '@ant-design/icons/es/icons/ProfileOutlined'
import TagsOutlined from '@ant-design/icons/es/icons/TagsOutlined'
import WalletOutlined from '@ant-design/icons/es/icons/WalletOutlined'
import ShoppingCartOutlined from '@ant-design/icons/es/icons/ShoppingCartOutlined'
import type { Scope } from '@evercert/contract'
import type { ParseKeys } from 'i18next'
import { allTexts } from '../i18n/i18n.ts'
import type { PageProps } from './page-props.ts'

/** In the order of the menu; a group without pages is not shown. */
export const MENU_GROUPS = ['certificates', 'applicants', 'operations', 'money', 'settings'] as const
export type MenuGroup = (typeof MENU_GROUPS)[number]

export interface Page {
  /** `:name` is a part of the path that the page gets in `params`. */
  readonly path: string
  readonly title: ParseKeys
  readonly component: ComponentType<PageProps>
  /** In the menu, within its group in the order of this list. */
  readonly menu?: {
    readonly icon: ReactElement
    readonly group: MenuGroup
  }
  /** Without it the page could only be refused: it is left out of the menu, and says so where it is opened. Default: everybody has the page. */
  readonly scope?: Scope
  /** Drawn over the page in a drawer, which stays where it is. */
  readonly overlay?: ComponentType<PageProps>
  /** What the drawer lies over when it was opened there; it has the same parts of the path. */
  readonly beneath?: ComponentType<PageProps>
  /** Without the frame of menu and header; for those who are not signed in. */
  readonly bare?: boolean
}

/** A page that is not the first that is seen: it is shown when its texts are there too. */
function withAllTexts(load: () => Promise<ComponentType<PageProps>>) {
  return lazy(async () => {
    const [component] = await Promise.all([load(), allTexts()])
    return { default: component }
  })
}

const certificates = lazy(async () => ({
  default: (await import('../pages/certificates/certificates-page.tsx')).CertificatesPage,
}))
const certificate = withAllTexts(async () => (await import('../pages/certificate/certificate-page.tsx')).CertificatePage)
const firstSteps = withAllTexts(async () => (await import('../pages/first-steps/first-steps-page.tsx')).FirstStepsPage)
const outlook = withAllTexts(async () => (await import('../pages/outlook/outlook-page.tsx')).OutlookPage)
const renewal = withAllTexts(async () => (await import('../pages/renewal/renewal-drawer.tsx')).RenewalDrawer)
const upload = withAllTexts(async () => (await import('../pages/upload/upload-page.tsx')).UploadPage)
const applications = withAllTexts(async () => (await import('../pages/applications/applications-page.tsx')).ApplicationsPage)
const contacts = withAllTexts(async () => (await import('../pages/contacts/contacts-page.tsx')).ContactsPage)
const companies = withAllTexts(async () => (await import('../pages/companies/companies-page.tsx')).CompaniesPage)
const csrs = withAllTexts(async () => (await import('../pages/csrs/csrs-page.tsx')).CsrsPage)
const reviews = withAllTexts(async () => (await import('../pages/reviews/reviews-page.tsx')).ReviewsPage)
const review = withAllTexts(async () => (await import('../pages/review/review-page.tsx')).ReviewPage)
const approvals = withAllTexts(async () => (await import('../pages/approvals/approvals-page.tsx')).ApprovalsPage)
const targets = withAllTexts(async () => (await import('../pages/targets/targets-page.tsx')).TargetsPage)
const endpoints = withAllTexts(async () => (await import('../pages/endpoints/endpoints-page.tsx')).EndpointsPage)
const endpointMap = withAllTexts(async () => (await import('../pages/endpoints/endpoint-map-page.tsx')).EndpointMapPage)
const agents = withAllTexts(async () => (await import('../pages/agents/agents-page.tsx')).AgentsPage)
const agent = withAllTexts(async () => (await import('../pages/agents/agent-page.tsx')).AgentPage)
const names = withAllTexts(async () => (await import('../pages/names/names-page.tsx')).NamesPage)
const discovery = withAllTexts(async () => (await import('../pages/discovery/discovery-page.tsx')).DiscoveryPage)
const application = withAllTexts(async () => (await import('../pages/renewal/renewal-drawer.tsx')).ApplicationDrawer)
const welcome = lazy(async () => ({ default: (await import('../pages/welcome/welcome-page.tsx')).WelcomePage }))
const balance = withAllTexts(async () => (await import('../pages/balance/balance-page.tsx')).BalancePage)
const buy = withAllTexts(async () => (await import('../pages/buy/buy-page.tsx')).BuyPage)
const orders = withAllTexts(async () => (await import('../pages/orders/orders-page.tsx')).OrdersPage)
const confirmation = withAllTexts(
  async () => (await import('../pages/orders/payment-confirmation-page.tsx')).PaymentConfirmationPage,
)
const receipts = withAllTexts(async () => (await import('../pages/receipts/receipts-page.tsx')).ReceiptsPage)
const receipt = withAllTexts(async () => (await import('../pages/receipts/receipt-page.tsx')).ReceiptPage)
const order = withAllTexts(async () => (await import('../pages/orders/order-page.tsx')).OrderPage)
const products = withAllTexts(async () => (await import('../pages/products/products-page.tsx')).ProductsPage)
const promotions = withAllTexts(async () => (await import('../pages/promotions/promotions-page.tsx')).PromotionsPage)
const brands = withAllTexts(async () => (await import('../pages/brands/brands-page.tsx')).BrandsPage)
const issuers = withAllTexts(async () => (await import('../pages/issuers/issuers-page.tsx')).IssuersPage)
const dnsConnections = withAllTexts(
  async () => (await import('../pages/dns-connections/dns-connections-page.tsx')).DnsConnectionsPage,
)
const notices = withAllTexts(async () => (await import('../pages/notices/notices-page.tsx')).NoticesPage)
const settings = withAllTexts(async () => (await import('../pages/settings/settings-page.tsx')).SettingsPage)
const audit = withAllTexts(async () => (await import('../pages/audit/audit-page.tsx')).AuditPage)
const device = withAllTexts(async () => (await import('../pages/device/device-page.tsx')).DevicePage)
const invitation = lazy(async () => ({ default: (await import('../pages/invitation/invitation-page.tsx')).InvitationPage }))
const recovery = lazy(async () => ({ default: (await import('../pages/recovery/recovery-page.tsx')).RecoveryPage }))
const signIn = lazy(async () => ({ default: (await import('../pages/sign-in/sign-in-page.tsx')).SignInPage }))

export const PAGES: readonly Page[] = [
  {
    path: '/',
    title: 'shell.certificates',
    component: certificates,
    menu: { icon: createElement(SafetyCertificateOutlined), group: 'certificates' },
  },
  {
    path: '/outlook',
    title: 'shell.outlook',
    component: outlook,
    menu: { icon: createElement(LineChartOutlined), group: 'certificates' },
    scope: 'certificates:read',
  },
  {
    path: '/upload',
    title: 'upload.title',
    component: upload,
    menu: { icon: createElement(UploadOutlined), group: 'certificates' },
  },
  {
    path: '/applications',
    title: 'applications.title',
    component: applications,
    menu: { icon: createElement(FormOutlined), group: 'certificates' },
  },
  {
    path: '/contacts',
    title: 'contacts.title',
    component: contacts,
    menu: { icon: createElement(ContactsOutlined), group: 'applicants' },
  },
  {
    path: '/companies',
    title: 'shell.companies',
    component: companies,
    menu: { icon: createElement(BankOutlined), group: 'applicants' },
  },
  {
    path: '/names',
    title: 'shell.names',
    component: names,
    menu: { icon: createElement(IdcardOutlined), group: 'applicants' },
    scope: 'certificates:read',
  },
  { path: '/csrs', title: 'shell.csrs', component: csrs, menu: { icon: createElement(KeyOutlined), group: 'applicants' } },
  {
    path: '/reviews',
    title: 'shell.reviews',
    component: reviews,
    menu: { icon: createElement(AuditOutlined), group: 'applicants' },
    scope: 'applications:review',
  },
  { path: '/reviews/:id', title: 'reviews.one', component: review, scope: 'applications:review' },
  {
    path: '/approvals',
    title: 'shell.approvals',
    component: approvals,
    menu: { icon: createElement(SafetyOutlined), group: 'operations' },
    scope: 'certificates:read',
  },
  {
    path: '/targets',
    title: 'targets.title',
    component: targets,
    menu: { icon: createElement(CloudServerOutlined), group: 'operations' },
    scope: 'targets:read',
  },
  {
    path: '/endpoints',
    title: 'endpoints.title',
    component: endpoints,
    menu: { icon: createElement(GlobalOutlined), group: 'operations' },
    scope: 'targets:read',
  },
  { path: '/endpoints/map', title: 'endpointMap.title', component: endpointMap, scope: 'targets:read' },
  {
    path: '/discovery',
    title: 'shell.discovery',
    component: discovery,
    menu: { icon: createElement(RadarChartOutlined), group: 'operations' },
    scope: 'targets:write',
  },
  {
    path: '/agents',
    title: 'shell.agents',
    component: agents,
    menu: { icon: createElement(DesktopOutlined), group: 'operations' },
    scope: 'targets:read',
  },
  { path: '/agents/:id', title: 'agents.one', component: agent, scope: 'targets:read' },
  {
    path: '/receipts',
    title: 'shell.receipts',
    component: receipts,
    menu: { icon: createElement(FileDoneOutlined), group: 'operations' },
  },
  { path: '/receipts/:id', title: 'receipts.title', component: receipt },
  {
    path: '/certificates/:id/renewal',
    title: 'renewal.title',
    component: certificates,
    overlay: renewal,
    beneath: certificate,
    scope: 'orders:read',
  },
  {
    path: '/certificates/:id/application',
    title: 'renewal.application',
    component: certificates,
    overlay: application,
    beneath: certificate,
  },
  { path: '/certificates/:id', title: 'certificate.title', component: certificate },
  {
    path: '/buy',
    title: 'buy.title',
    component: buy,
    menu: { icon: createElement(ShoppingCartOutlined), group: 'money' },
    scope: 'orders:read',
  },
  {
    path: '/orders',
    title: 'shell.orders',
    component: orders,
    menu: { icon: createElement(ProfileOutlined), group: 'money' },
    scope: 'orders:read',
  },
  { path: '/orders/:id/confirmation', title: 'orders.confirmation', component: confirmation, scope: 'orders:read' },
  { path: '/orders/:id', title: 'orders.order', component: order, scope: 'orders:read' },
  {
    path: '/balance',
    title: 'shell.balance',
    component: balance,
    menu: { icon: createElement(WalletOutlined), group: 'money' },
    scope: 'orders:read',
  },
  { path: '/balance/payments', title: 'balance.payments', component: balance, scope: 'orders:read' },
  { path: '/balance/connections', title: 'balance.connections', component: balance, scope: 'orders:read' },
  {
    path: '/products',
    title: 'shell.products',
    component: products,
    menu: { icon: createElement(TagsOutlined), group: 'money' },
    scope: 'orders:read',
  },
  { path: '/products/promotions', title: 'promotions.title', component: promotions, scope: 'installation:operate' },
  { path: '/products/brands', title: 'brands.title', component: brands, scope: 'orders:read' },
  {
    path: '/issuers',
    title: 'issuers.title',
    component: issuers,
    menu: { icon: createElement(ApartmentOutlined), group: 'settings' },
    scope: 'orders:read',
  },
  {
    path: '/dns-connections',
    title: 'dnsConnections.title',
    component: dnsConnections,
    menu: { icon: createElement(LinkOutlined), group: 'settings' },
    scope: 'targets:read',
  },
  {
    path: '/notices',
    title: 'shell.notices',
    component: notices,
    menu: { icon: createElement(BellOutlined), group: 'operations' },
  },
  { path: '/notices/channels', title: 'notices.channels', component: notices },
  { path: '/notices/settings', title: 'notices.rules', component: notices },
  {
    path: '/audit',
    title: 'shell.audit',
    component: audit,
    menu: { icon: createElement(FileSearchOutlined), group: 'settings' },
    scope: 'audit:read',
  },
  {
    path: '/settings',
    title: 'shell.settings',
    component: settings,
    menu: { icon: createElement(SettingOutlined), group: 'settings' },
  },
  {
    path: '/first-steps',
    title: 'shell.firstSteps',
    component: firstSteps,
    menu: { icon: createElement(CompassOutlined), group: 'settings' },
    scope: 'certificates:read',
  },
  { path: '/settings/security', title: 'shell.security', component: settings },
  { path: '/settings/members', title: 'settings.members', component: settings, scope: 'members:read' },
  { path: '/settings/tokens', title: 'settings.tokens', component: settings, scope: 'tokens:read' },
  { path: '/settings/rules', title: 'approvals.rules', component: settings },
  { path: '/settings/single-sign-on', title: 'singleSignOn.title', component: settings, scope: 'installation:operate' },
  { path: '/settings/master-keys', title: 'installation.masterKeys', component: settings, scope: 'installation:operate' },
  { path: '/settings/backups', title: 'installation.backups', component: settings, scope: 'installation:operate' },
  { path: '/settings/about', title: 'settings.about', component: settings },
  { path: '/device', title: 'device.title', component: device },
  { path: '/sign-in', title: 'signIn.title', component: signIn, bare: true },
  { path: '/invitation', title: 'signIn.invitationTitle', component: invitation, bare: true },
  { path: '/recovery', title: 'signIn.recoveryTitle', component: recovery, bare: true },
  { path: '/welcome', title: 'signIn.welcomeTitle', component: welcome, bare: true },
]
