import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.refine.commands.recon.GuessTypesOfColumnCommand;
import com.google.refine.model.Cell;
import com.google.refine.model.Column;
import com.google.refine.model.Project;
import com.google.refine.model.Recon;
import com.google.refine.model.ReconCandidate;
import com.google.refine.model.Row;
import com.google.refine.model.recon.ReconJob;
import com.google.refine.model.recon.ReconciledDataExtensionJob;
import com.google.refine.model.recon.StandardReconConfig;
import com.google.refine.util.ParsingUtilities;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * OpenRefine's own classes against a service: types guessed, a column reconciled, columns added. Reads rows "name TAB département" from
 * standard input; the arguments are the address of the service and the batch size of its manifest. Prints one JSON object.
 */
public class Session {

    /** Opens what OpenRefine keeps for its own servlet. */
    private static class Guess extends GuessTypesOfColumnCommand {

        String types(Project project, String service) throws Exception {
            return ParsingUtilities.mapper.writeValueAsString(guessTypes(project, project.columnModel.getColumnByName("name"), service));
        }
    }

    public static void main(String[] arguments) throws Exception {
        String service = arguments[0];
        Project project = read(new String(System.in.readAllBytes(), "UTF-8").split("\n"));
        ObjectNode told = ParsingUtilities.mapper.createObjectNode();
        told.set("types", ParsingUtilities.mapper.readTree(new Guess().types(project, service)));
        Set<String> ids = reconcile(project, service, Integer.parseInt(arguments[1]), told.putArray("matches"), told.putArray("faults"));
        extend(ids, service, told);
        System.out.println(told);
    }

    private static Project read(String[] lines) throws Exception {
        Project project = new Project();
        project.columnModel.addColumn(-1, new Column(0, "name"), true);
        project.columnModel.addColumn(-1, new Column(1, "departement"), true);
        for (String line : lines) {
            String[] cells = line.split("\t", -1);
            Row row = new Row(2);
            row.setCell(0, new Cell(cells[0], null));
            if (!cells[1].isEmpty()) {
                row.setCell(1, new Cell(cells[1], null));
            }
            project.rows.add(row);
        }
        project.columnModel.update();
        return project;
    }

    private static Set<String> reconcile(Project project, String service, int batch, ArrayNode matches, ArrayNode faults) {
        var context = List.of(new StandardReconConfig.ColumnDetail("departement", "Département", "departement", null));
        var config = new StandardReconConfig(service, null, null, "Commune", "Commune", true, Optional.of(batch), context, 0);
        List<ReconJob> jobs = new ArrayList<>();
        for (int number = 0; number < project.rows.size(); number++) {
            Row row = project.rows.get(number);
            jobs.add(config.createJob(project, number, row, "name", row.getCell(0)));
        }
        Set<String> ids = new LinkedHashSet<>();
        for (Recon recon : config.batchRecon(jobs, 1L)) {
            matches.add(recon.match == null ? null : recon.match.id);
            if (recon.match != null) {
                ids.add(recon.match.id);
            }
            if (recon.error != null) {
                faults.add(recon.error);
            }
        }
        return ids;
    }

    private static void extend(Set<String> ids, String service, ObjectNode told) throws Exception {
        var properties = new ArrayList<ReconciledDataExtensionJob.DataExtensionProperty>();
        for (String name : List.of("insee", "departement", "population")) {
            properties.add(new ReconciledDataExtensionJob.DataExtensionProperty(name, name, null));
        }
        Map<String, Object> settings = Map.of("date", "2016", "content", "name", "limit", "1");
        properties.add(new ReconciledDataExtensionJob.DataExtensionProperty("epci", "epci", settings));
        var job = new ReconciledDataExtensionJob(new ReconciledDataExtensionJob.DataExtensionConfig(properties), service);
        ObjectNode rows = told.putObject("rows");
        for (var entry : job.extend(ids, new HashMap<>()).entrySet()) {
            ArrayNode cells = rows.putArray(entry.getKey());
            for (Object cell : entry.getValue().data[0]) {
                cells.add(cell instanceof ReconCandidate found ? "<" + found.id + ">" : cell == null ? null : cell.toString());
            }
        }
        ArrayNode columns = told.putArray("columns");
        job.columns.forEach(column -> columns.add(column.id + (column.expectedType == null ? "" : " of " + column.expectedType.id)));
    }
}
