// The report taken along as a file.

import { ReportFormat } from "@potok/web/gen/potok/recommendations/v1/report_export_service_pb.ts";
import { Download } from "lucide";
import { reportExports } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { save } from "../shell/saving.ts";
import { clientId, owner, range } from "../shell/selection.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/parts.tsx";
import { t } from "./texts.ts";

const FORMATS = [
  { format: ReportFormat.CSV, ending: "csv" },
  { format: ReportFormat.XLSX, ending: "xlsx" },
] as const;

export function Exports() {
  const doing = useDoing();
  const { start, end } = range.value;

  async function take(format: ReportFormat, ending: string): Promise<void> {
    const name = `report-${clientId.value}-${start}-${end}.${ending}`;
    const file = await doing.run(() =>
      reportExports.exportRangeReport({ owner: owner.value, range: { startDate: start, endDate: end }, format })
    );
    if (file) save(new Blob([file.data as Uint8Array<ArrayBuffer>], { type: file.contentType }), name);
  }

  return (
    <>
      {FORMATS.map(({ format, ending }) => (
        <button
          key={ending}
          type="button"
          class="button"
          aria-label={t().download(t()[ending])}
          disabled={doing.busy}
          onClick={() => void take(format, ending)}
        >
          <Icon of={Download} />
          {t()[ending]}
        </button>
      ))}
      {doing.rest && <Notice tone="bad">{doing.rest}</Notice>}
    </>
  );
}
