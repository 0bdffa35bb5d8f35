// Which page the address asks for. Links load the next document: there is no other router.
import { render, type JSX } from "preact";
import { language } from "./i18n";
import { AlertPage } from "./pages/alert";
import { BrandPage } from "./pages/brand";
import { BrandsPage } from "./pages/brands";
import { CampaignPage } from "./pages/campaign";
import { CampaignsPage } from "./pages/campaigns";
import { LoginPage } from "./pages/login";
import { OperationsPage } from "./pages/operations";
import { QualityPage } from "./pages/quality";
import { RoomPage } from "./pages/room";
import { OverviewPage } from "./pages/overview";
import { apply } from "./settings";

const PAGES: Record<string, (id: string) => JSX.Element> = {
  room: (id) => <RoomPage id={id} />,
  brand: (id) => <BrandPage id={id} />,
  brands: () => <BrandsPage />,
  alert: (id) => <AlertPage id={id} />,
  campaign: (id) => <CampaignPage id={id} />,
  campaigns: () => <CampaignsPage />,
  operations: () => <OperationsPage />,
  quality: () => <QualityPage />,
  login: () => <LoginPage />,
};

function page(): JSX.Element {
  const [, kind = "", ...rest] = location.pathname.split("/");
  return PAGES[kind]?.(decodeURIComponent(rest.join("/"))) ?? <OverviewPage />;
}

apply(language);
const app = document.getElementById("app");
if (app) render(page(), app);
